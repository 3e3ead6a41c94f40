# Stops a unit, points the link at a staged release, starts the unit. Goes on where an earlier, cut run stood.
# usage: switch-tarball UNIT LINK RELEASE
# uses: going-down
set -eu
unit=$1 link=$2 release=$3
[ -d "$release" ] || { echo "$release is not staged"; exit 30; }
# what failed before is forgotten while the service stops, so that systemd lets it start
systemctl reset-failed -- "$unit" 2>/dev/null &
forgotten=$!
saved=
if ! [ "$link" -ef "$release" ]; then
  ln -sfn "$release" "$link.pawl"
  systemctl stop -- "$unit"
  mv -T "$link.pawl" "$link"
  # beside the start: the service is away meanwhile
  sync "${link%/*}" &
  saved=$!
fi
wait "$forgotten" || true
# after a reboot systemd has started the new release already; starting an active unit does nothing
systemctl start -- "$unit"
[ -z "$saved" ] || wait "$saved"
