-- Counts users of one server in and out of rooms. What is a user's first or last field of a living
-- server is published in the same step, so that all servers hear of it in this order.
-- ARGV: prefix, server; then for each user: '+' or '-', room, user, value, '1' if the server has
-- nobody else there, message. Returns 1 for each that was the first or the last, else 0.
local prefix, me = ARGV[1], ARGV[2]
local living = {}
for _, server in ipairs(redis.call('SMEMBERS', prefix .. 'servers')) do
    if server ~= me and redis.call('EXISTS', prefix .. 'srv:' .. server) == 1 then
        living[#living + 1] = server
    end
end
local crossed = {}
for i = 3, #ARGV, 6 do
    local room, user = ARGV[i + 1], ARGV[i + 2]
    local key = prefix .. 'pres:' .. room
    local elsewhere = false
    for _, server in ipairs(living) do
        if redis.call('HEXISTS', key, user .. '@' .. server) == 1 then
            elsewhere = true
            break
        end
    end
    if ARGV[i] == '+' then
        redis.call('HSET', key, user .. '@' .. me, ARGV[i + 3])
        redis.call('SADD', prefix .. 'rooms:' .. me, room)
    else
        redis.call('HDEL', key, user .. '@' .. me)
        if ARGV[i + 4] == '1' then
            redis.call('SREM', prefix .. 'rooms:' .. me, room)
        end
    end
    if elsewhere then
        crossed[#crossed + 1] = 0
    else
        redis.call('PUBLISH', prefix .. 'r:' .. room, ARGV[i + 5])
        crossed[#crossed + 1] = 1
    end
end
return crossed
