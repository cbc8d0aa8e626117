-- Returns the users present in a room on other servers that live.
-- ARGV: prefix, server, room, maximum. Returns the number of further users, then their values.
local prefix, me, room, most = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
local key = prefix .. 'pres:' .. room
local length = redis.call('HLEN', key)
local fields
if length <= most then
    fields = redis.call('HGETALL', key)
else
    fields = redis.call('HRANDFIELD', key, most, 'WITHVALUES')
end
local living, seen, found = {}, {}, { 0 }
for i = 1, #fields, 2 do
    local user, server = string.match(fields[i], '^(.*)@(.*)$')
    if server ~= me and not seen[user] then
        if living[server] == nil then
            living[server] = redis.call('EXISTS', prefix .. 'srv:' .. server) == 1
        end
        if living[server] then
            seen[user] = true
            found[#found + 1] = fields[i + 1]
        end
    end
end
if length > most then
    found[1] = length - most
end
return found
