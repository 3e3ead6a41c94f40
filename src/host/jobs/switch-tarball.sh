# Stops a unit, points the link at a staged release, starts the unit; the files of a configuration come in between. Goes on
# where an earlier, cut run stood.
# usage: switch-tarball UNIT LINK RELEASE [CONFIGS LABEL]
# uses: going-down give-up config
set -eu
unit=$1 link=$2 release=$3 configs=${4:-} label=${5:-}
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
if [ -n "$configs" ]; then
  config_switch "$configs" "$label"
  config_act "$configs"
fi
# after a reboot systemd has started the new release already; starting an active unit does nothing
systemctl start -- "$unit"
[ -z "$saved" ] || wait "$saved"
