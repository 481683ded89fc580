# shellcheck shell=bash
# Shared by the server scripts, which source it with their HOME as $1: ports that stay, launching, waiting.
set -euo pipefail
# shellcheck disable=SC2034 # for the script that sources this
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
mkdir -p "$1"
home=$(cd "$1" && pwd -P)
PATH=$PATH:/usr/sbin:/sbin # Debian leaves these out for an ordinary user, and mariadbd is there

# port NAME: the one kept in HOME/NAME.port. Below the range of outgoing connections, so that none of them,
# not even a client's own attempt to reconnect, can take it while the server is down.
port() {
  [ -s "$home/$1.port" ] || python3 - > "$home/$1.port" <<'PY'
import random, socket
while True:
    port = random.randrange(15000, 32000)
    with socket.socket() as s:
        try:
            s.bind(("127.0.0.1", port))
        except OSError:
            continue
    print(port)
    break
PY
  cat "$home/$1.port"
}

# launch PIDFILE LOG COMMAND…: in its own session, so that Ctrl-C in the terminal leaves it alone, and without the caller's lock (9).
launch() {
  setsid "${@:3}" < /dev/null > "$2" 2>&1 9>&- &
  echo $! > "$1"
}

# await LOG COMMAND…: until COMMAND succeeds, for at most two minutes while the server lives.
await() {
  local end=$((SECONDS + 120))
  until "${@:2}" > /dev/null 2>&1; do
    if ! kill -0 "$(cat "$home/pid")" 2> /dev/null || [ $SECONDS -ge $end ]; then
      tail -n 30 "$1" >&2
      exit 1
    fi
    sleep 0.1
  done
}
