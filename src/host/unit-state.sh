# Prints ActiveState=… and NRestarts=… of a unit, a line each.
# usage: unit-state UNIT
set -u
systemctl show -p ActiveState -p NRestarts -- "$1"
