# Runs a program of this host on staged files as if they were in place. Nothing outside of this program sees them there.
# usage: check-config STATE-FOLDER PROGRAM [ARGUMENT…]
# exits as the program does, 40 when the staged files cannot be shown to it
set -eu
state=$1
shift
# `$@` is the program for the inner shell
# shellcheck disable=SC2016
exec unshare --mount --propagation private sh -c '
  state=$1
  shift
  for top in "$state"/tree/*; do
    [ -d "$top" ] || continue
    real=/${top##*/}
    mount -t overlay overlay -o "ro,lowerdir=$top:$real" "$real" ||
      { echo "the staged files cannot be laid over $real" >&2; exit 40; }
  done
  exec "$@"
' sh "$state" "$@"
