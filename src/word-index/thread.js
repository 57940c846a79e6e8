// A thread that gathers words into blocks: taking texts apart is work that requests must not wait for.
//
//   { userId, times, messages }   → { isHeavy }   adds logs of a user; whether so much is gathered that it should be taken
//   'take'                        → { blocks }    what is new since the last time
import { parentPort } from 'node:worker_threads'
import { Blocks } from './blocks.js'

const blocks = new Blocks()

parentPort.on('message', (question) => {
  if (question === 'take') return parentPort.postMessage({ blocks: blocks.take() })
  blocks.add(question.userId, question.times, question.messages)
  parentPort.postMessage({ isHeavy: blocks.isHeavy })
})
