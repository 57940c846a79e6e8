-- The requests of wrk: the lines of a corpus file in turn, each thread starting at another line. Times are the
-- present, to the second, as clients send them; each body gets new times at most once a second. Where a line has the
-- placeholder of a serial number, no two requests are equal.

local threads = 0

function setup (thread)
  thread:set('number', threads)
  threads = threads + 1
end

local requests, ready, readyAt = {}, {}, {}
local turn, second, stamps = 0, 0, {}
local serial, sent, firstSerial = '#0aB1cD2eF3g', 0, 0

function init (arguments)
  for line in io.lines(arguments[1]) do
    local path, contentType, header, value, form, body = line:match('^([^\t]*)\t([^\t]*)\t([^\t]*)\t([^\t]*)\t(%a+)\t(.*)$')
    if form == 'hex' then
      body = body:gsub('%x%x', function (byte) return string.char(tonumber(byte, 16)) end)
    end
    -- Placeholders are as long as the times that replace them, so Content-Length stays right.
    requests[#requests + 1] = wrk.format('POST', path, { ['Content-Type'] = contentType, [header] = value }, body)
  end
  turn = number * math.floor(#requests / 2)
  -- Far more numbers a second than requests, so an earlier run had others.
  firstSerial = os.time() % 1e6 * 1e5
end

function request ()
  local now = os.time()
  if now ~= second then
    second = now
    for ago = 0, 9 do
      stamps[('@' .. ago) .. ('@'):rep(17)] = os.date('!%Y-%m-%dT%H:%M:%S', now - ago)
    end
  end
  turn = turn % #requests + 1
  if readyAt[turn] ~= now then
    local text = requests[turn]:gsub('@%d@@@@@@@@@@@@@@@@@', stamps)
    local from, to = text:find(serial, 1, true)
    ready[turn] = from and { text:sub(1, from - 1), text:sub(to + 1) } or { text }
    readyAt[turn] = now
  end
  local head, tail = ready[turn][1], ready[turn][2]
  if not tail then return head end
  sent = sent + 1
  return head .. number .. ('%011d'):format(firstSerial + sent) .. tail
end

function done (summary, latency)
  local errors = summary.errors
  io.write(('\n{"requests":%d,"microseconds":%d,"refused":%d,"errors":%d,"p50":%d,"p99":%d,"max":%d}\n'):format(
    summary.requests, summary.duration, errors.status, errors.connect + errors.read + errors.write + errors.timeout,
    latency:percentile(50), latency:percentile(99), latency.max))
end
