# Stops a unit, installs a kept package, starts the unit; the files of a configuration come in between. Goes on where an
# earlier, cut run stood.
# usage: switch-deb UNIT PACKAGE VERSION [CONFIGS LABEL]
# uses: going-down give-up config
set -eu
unit=$1 package=$2 version=$3 configs=${4:-} label=${5:-}
file=/var/lib/pawl/packages/$package/$version.deb
export DEBIAN_FRONTEND=noninteractive PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
if [ "$(dpkg-query -W -f='${db:Status-Status} ${Version}' "$package" 2>/dev/null)" != "installed $version" ]; then
  [ -f "$file" ] || { echo "$file is not staged"; exit 30; }
  systemctl stop -- "$unit"
  dpkg --force-confold --force-downgrade --install "$file"
  systemctl daemon-reload
fi
if [ -n "$configs" ]; then
  config_switch "$configs" "$label"
  config_act "$configs"
fi
systemctl reset-failed -- "$unit" 2>/dev/null || true
systemctl start -- "$unit"
