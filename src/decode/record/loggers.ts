// Loggers whose names mean something else than those of all others: their fields get the usual names.
import { isFields, type Fields } from './fields.ts'
import { fillTemplate } from './message-template.ts'

/** The fields of a log by the names that conventions.ts knows. */
export function usualFields (fields: Fields): Fields {
  if (isLoguru(fields)) return ofLoguru(fields)
  // python-json-logger, with the names of Python's own LogRecord: its name is the logger's.
  const { levelname, name, logger, '@mt': template } = fields
  if (typeof levelname === 'string' && typeof name === 'string' && logger === undefined) return ofPython(fields)
  if (typeof fields.ctx === 'string' && typeof fields.s === 'string') return ofMongo(fields)
  if (typeof template === 'string') {
    if (fields['@m'] !== undefined) return fields
    return { ...fields, '@m': fillTemplate(template, fields, fields['@r']) }
  }
  if (typeof fields.MessageTemplate === 'string' && fields.RenderedMessage === undefined) {
    return ofSerilog(fields, fields.MessageTemplate)
  }
  return fields
}

function ofPython ({ name: logger, ...others }: Fields): Fields {
  return { ...others, logger }
}

/** Its level and component. Source: https://www.mongodb.com/docs/manual/reference/log-messages/ */
function ofMongo ({ s: level, c: logger, ...others }: Fields): Fields {
  return { ...others, level, ...logger !== undefined && { logger } }
}

function ofSerilog (fields: Fields, template: string): Fields {
  const { Properties: properties, Renderings: renderings } = fields
  return { ...fields, RenderedMessage: fillTemplate(template, isFields(properties) ? properties : {}, renderings) }
}

interface Loguru extends Fields {
  record: Fields
}

function isLoguru (fields: Fields): fields is Loguru {
  const { record } = fields
  return isFields(record) && isFields(record.level) && isFields(record.elapsed)
}

/** `text` is the same log, laid out for people. */
function ofLoguru ({ record, text: _text, ...others }: Loguru): Fields {
  const { name: logger, process, ...parts } = record
  const ofProcess = isFields(process) ? { pid: process.id, process_name: process.name } : { process }
  return { ...others, ...parts, logger, ...ofProcess }
}
