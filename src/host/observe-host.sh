# Reads what a plan needs to know of a host, as KEY=VALUE lines. Changes nothing.
# usage: observe-host UNIT tarball RELEASES CURRENT | observe-host UNIT deb PACKAGE
set -u
unit=$1 kind=$2

# Of the folder's file system, MiB.
free_mib() { # FOLDER
  df --output=avail -BM "$1" | { read -r _ && read -r size && echo "${size%M}"; }
}

systemctl show -p ActiveState -p LoadState -- "$unit" | while IFS== read -r key value; do
  case $key in
  ActiveState) echo "active=$value" ;;
  LoadState) echo "load=$value" ;;
  esac
done
if [ "$kind" = tarball ]; then
  releases=$3 current=$4
  target=$(readlink -f "$current" 2>/dev/null)
  echo "version=${target##*/}"
  # a folder that is not there yet is made where its nearest parent lies
  folder=$releases
  while [ ! -d "$folder" ]; do folder=$(dirname "$folder"); done
  echo "freeMiB=$(free_mib "$folder")"
  if [ -L "$current" ]; then echo link=yes; else echo link=no; fi
  echo "kept=$(find "$releases" -mindepth 1 -maxdepth 1 -type d ! -name '.*' -printf '%f ' 2>/dev/null)"
else
  package=$3
  echo "version=$(dpkg-query -W -f='${db:Status-Status} ${Version}' "$package" 2>/dev/null | sed -n 's/^installed //p')"
  echo "freeMiB=$(free_mib /var)"
  echo "kept=$(find "/var/lib/pawl/packages/$package" -name '*.deb' -printf '%f\n' 2>/dev/null | sed 's/\.deb$//' | tr '\n' ' ')"
fi
