# Prints the releases that a service may go back to, newest first: KEY and what is kept of it. Changes nothing.
# usage: read-stable SERVICE
set -u
[ ! -f "/var/lib/pawl/stable/$1" ] || head -c 65536 "/var/lib/pawl/stable/$1"
