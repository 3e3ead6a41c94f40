# Prints "ACTIVE-STATE RESTARTS" of a unit, e.g. "active 0".
# usage: unit-state UNIT
set -u
systemctl show -P ActiveState -P NRestarts -- "$1" | tr '\n' ' '
