# A program that logs by pino, piped into pino-http-send.
node --input-type=module -e "
import pino from 'pino'
const logger = pino({ name: 'shop' })
logger.info({ order: 7, nested: { deep: true } }, 'order paid')
logger.error(new Error('Привет 🙂'))
" | node_modules/.bin/pino-http-send --url "$LOGS_URL/api/logs" --bodyType "$BODY_TYPE" --headers.authorization "Bearer $LOGS_TOKEN" --batchSize 10 --timeout 1000
