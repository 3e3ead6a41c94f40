# Prints how many requests of HAProxy processes that a reload replaced still use a server, or may yet do so.
# usage: haproxy-old-sessions PID BACKEND SERVER ADDRESS:PORT
# uses: haproxy haproxy-old
# exits 3 when they cannot be counted
set -u
backend=$2 server=$3
old_sessions "$1" "$4"
