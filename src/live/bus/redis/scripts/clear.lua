-- Removes the fields of one server from some rooms.
-- ARGV: prefix, server, number of rooms. Returns the number of rooms left (-1: the server lives),
-- then room and value of each user who is present on no other living server.
local prefix, gone = ARGV[1], ARGV[2]
if redis.call('EXISTS', prefix .. 'srv:' .. gone) == 1 then
    return { -1 }
end
local living = {}
for _, server in ipairs(redis.call('SMEMBERS', prefix .. 'servers')) do
    if server ~= gone and redis.call('EXISTS', prefix .. 'srv:' .. server) == 1 then
        living[#living + 1] = server
    end
end
local left, rooms = { 0 }, prefix .. 'rooms:' .. gone
for _, room in ipairs(redis.call('SRANDMEMBER', rooms, tonumber(ARGV[3]))) do
    local key = prefix .. 'pres:' .. room
    for _, field in ipairs(redis.call('HKEYS', key)) do
        local user, server = string.match(field, '^(.*)@(.*)$')
        if server == gone then
            local value, elsewhere = redis.call('HGET', key, field), false
            redis.call('HDEL', key, field)
            for _, other in ipairs(living) do
                elsewhere = elsewhere or redis.call('HEXISTS', key, user .. '@' .. other) == 1
            end
            if not elsewhere then
                left[#left + 1] = room
                left[#left + 1] = value
            end
        end
    end
    redis.call('SREM', rooms, room)
end
left[1] = redis.call('SCARD', rooms)
if left[1] == 0 then
    redis.call('SREM', prefix .. 'servers', gone)
end
return left
