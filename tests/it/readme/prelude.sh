# What the commands of a page find: a server that they can start and stop, and the commands of a machine that the tests
# do not have. $scene says what is there before the first command.
set -eEu -o pipefail
trap 'echo "failed: $BASH_COMMAND" >&2' ERR
server='' address='' output=''

# Starts the server in ./data, and waits until it listens.
start() {
    local line
    exec {output}< <(exec chatctl serve 2>server.log)
    server=$!
    while read -r line <&"$output"; do
        case $line in 'Listening on http://'*) address=${line#'Listening on http://'} ;; 'Data in '*) return ;; esac
    done
    cat server.log >&2
    return 1
}

stop() {
    [ -z "$server" ] || { kill -TERM "$server" && wait "$server"; }
    server=''
}
trap stop EXIT

# The pages write the default address; the test listens on a free port.
curl() { command curl --silent --show-error --noproxy '*' --fail-with-body "${@//127.0.0.1:8080/$address}"; }

# `doctor` may find something on the machine of the tests: exit code 6.
chatctl() {
    case $1 in
    serve) start ;;
    doctor) command chatctl "$@" || [ $? = 6 ] ;;
    *) command chatctl "$@" ;;
    esac
}

# cargo run --release -- COMMAND
cargo() {
    [ "$1 $2 $3" = 'run --release --' ]
    shift 3
    chatctl "$@"
}

systemctl() {
    [ "$2" = chatctl ]
    "$1"
}

if [ "$scene" != none ]; then start; fi
if [ "$scene" = people ]; then
    echo 'correct horse' >password
    chatctl user create ann --admin --password-file password
    chatctl user create bob --password-file password
    chatctl room create general --owner ann --public
    chatctl room add general bob
fi >&2
