// An ESLint rule for comments and texts: it reports phrases that CONTRIBUTING.md, "Plain English", rules out.

/** Phrases that make a reader start the sentence again; a noun or a name with its unit says it better. */
const unplain = /\b(so (many|long|often)(?! as\b)|whoever|of which each|whose (?:the|a) )\b/i

/** @type {import('eslint').Rule.RuleModule} */
export const plainEnglish = {
  meta: {
    type: 'suggestion',
    schema: [],
    messages: { unplain: '"{{phrase}}": say it with a noun, or with a name that carries its unit' }
  },
  create (context) {
    /**
     * @param {string} text
     * @param {{ node: import('eslint').Rule.Node } | { loc: import('eslint').AST.SourceLocation }} place
     */
    const check = (text, place) => {
      const phrase = unplain.exec(text)?.[0]
      if (phrase) context.report({ ...place, messageId: 'unplain', data: { phrase } })
    }
    return {
      Program () {
        for (const { value, loc } of context.sourceCode.getAllComments()) if (loc) check(value, { loc })
      },
      Literal (node) {
        if (typeof node.value === 'string') check(node.value, { node })
      },
      TemplateElement (node) {
        check(node.value.raw, { node })
      }
    }
  }
}
