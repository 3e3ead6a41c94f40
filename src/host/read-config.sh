# Prints which configurations a host has, and which one is in use. Changes nothing.
# usage: read-config FOLDER
# prints: current STATE LABEL   switching STATE LABEL (a switch was begun and is not over)   at LABEL STATE, for each that can be switched to
set -u
for what in current switching; do
  [ ! -f "$1/$what" ] || echo "$what $(sed 1q "$1/$what")"
done
for file in "$1"/at/*; do
  [ ! -f "$file" ] || { read -r state _ <"$file" && echo "at ${file##*/} $state"; }
done
