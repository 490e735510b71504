-- Links by Zipf's law, visitors of several kinds: the same sequence for each contender.
local agents = {
  "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36",
  "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile Safari/604.1",
  "Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0",
  "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Mobile Safari/537.36",
}
local languages = { "en-US,en;q=0.9", "de-DE,de;q=0.9,en;q=0.8", "fr-FR,fr;q=0.9", "ja" }
local referers = { "https://news.example/", "https://search.example/?q=links", "https://social.example/feed" }
local links = 100

function init()
  math.randomseed(20241106)
  local total, sums = 0, {}
  for n = 1, links do
    total = total + 1 / n
    sums[n] = total
  end
  requests = {}
  for n = 1, 2000 do
    local point, link = math.random() * total, 1
    while sums[link] < point do link = link + 1 end
    requests[n] = wrk.format("GET", "/" .. (link - 1), {
      ["Host"] = "localhost",
      ["User-Agent"] = agents[math.random(#agents)],
      ["Accept-Language"] = languages[math.random(#languages)],
      ["Referer"] = referers[math.random(#referers)],
      ["CF-Connecting-IP"] = "192.0.2." .. math.random(250),
    })
  end
end

function request()
  at = (at or 0) % #requests + 1
  return requests[at]
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format("RESULT %f %d %d %d %d\n", summary.requests / (summary.duration / 1e6), latency:percentile(50),
    latency:percentile(99), errors.status, errors.connect + errors.read + errors.write + errors.timeout))
end
