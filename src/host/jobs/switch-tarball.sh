# Stops a unit, points the link at a staged release, starts the unit. Goes on where an earlier, cut run stood.
# usage: switch-tarball UNIT LINK RELEASE
# uses: going-down
set -eu
unit=$1 link=$2 release=$3
[ -d "$release" ] || { echo "$release is not staged"; exit 30; }
if [ "$(readlink -f "$link")" != "$(readlink -f "$release")" ]; then
  systemctl stop -- "$unit"
  ln -s "$release" "$link.pawl.$$"
  mv -T "$link.pawl.$$" "$link"
  sync -f "$link"
fi
# after a reboot systemd has started the new release already; starting an active unit does nothing
systemctl reset-failed -- "$unit" 2>/dev/null || true
systemctl start -- "$unit"
