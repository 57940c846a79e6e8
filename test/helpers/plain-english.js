// A rule for eslint: comments and texts say plainly what they mean (see CONTRIBUTING.md, "Plain English").

/** Phrases that make a sentence be read twice: a name with its unit, or a noun, says it better. */
export const unplain = /\b(so (many|long|often)(?! as\b)|whoever|of which each|whose (?:the|a) )\b/i

export const plainEnglish = {
  meta: { type: 'suggestion', schema: [], messages: { unplain: '"{{phrase}}": say it with a noun, or with a name that carries its unit' } },
  create (context) {
    const check = (node, text) => {
      const phrase = unplain.exec(text)?.[0]
      if (phrase) context.report({ node, messageId: 'unplain', data: { phrase } })
    }
    return {
      Program () {
        for (const comment of context.sourceCode.getAllComments()) check(comment, comment.value)
      },
      Literal (node) {
        if (typeof node.value === 'string') check(node, node.value)
      },
      TemplateElement (node) {
        check(node, node.value.raw)
      }
    }
  }
}
