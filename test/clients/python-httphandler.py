import logging
import logging.handlers
import os
from urllib.parse import urlsplit

host = urlsplit(os.environ["LOGS_URL"]).netloc
logger = logging.getLogger("shop")
logger.setLevel(logging.DEBUG)
logger.addHandler(logging.handlers.HTTPHandler(
    host, "/api/logs/python", method=os.environ["METHOD"], credentials=("alice", os.environ["LOGS_TOKEN"])))

logger.info("order %s paid", 7, extra={"customer": "Привет 🙂 & = +"})
logger.warning("late")
try:
    1 / 0
except ZeroDivisionError:
    logger.exception("failed")
