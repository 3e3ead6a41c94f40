# Reads what a plan needs to know of a host, as KEY=VALUE lines. Changes nothing.
# usage: observe-host UNIT tarball RELEASES CURRENT | observe-host UNIT deb PACKAGE
set -u
unit=$1 kind=$2
echo "active=$(systemctl show --value -p ActiveState -- "$unit")"
echo "load=$(systemctl show --value -p LoadState -- "$unit")"
if [ "$kind" = tarball ]; then
  releases=$3 current=$4
  echo "version=$(basename "$(readlink -f "$current" 2>/dev/null)" 2>/dev/null)"
  # a folder that is not there yet is made where its nearest parent lies
  folder=$releases
  while [ ! -d "$folder" ]; do folder=$(dirname "$folder"); done
  echo "freeMiB=$(df --output=avail -BM "$folder" | tail -n 1 | tr -dc 0-9)"
  echo "link=$([ -L "$current" ] && echo yes || echo no)"
else
  package=$3
  echo "version=$(dpkg-query -W -f='${db:Status-Status} ${Version}' "$package" 2>/dev/null | sed -n 's/^installed //p')"
  echo "freeMiB=$(df --output=avail -BM /var | tail -n 1 | tr -dc 0-9)"
  echo "kept=$(find "/var/lib/pawl/packages/$package" -name '*.deb' -printf '%f ' 2>/dev/null)"
fi
