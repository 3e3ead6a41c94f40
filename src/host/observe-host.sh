# Reads what a plan needs to know of a host, as KEY=VALUE lines. Changes nothing.
# usage: observe-host UNIT CONFIGS tarball RELEASES CURRENT | observe-host UNIT CONFIGS deb PACKAGE
#   CONFIGS  folder of the service's configurations
# uses: config config-read
set -u
unit=$1 configs=$2
shift 2
kind=$1

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
# one that was edited, or is between two, is none that anybody knows
if [ ! -f "$configs/switching" ] && config_label=$(config_known "$configs"); then
  echo "config=$config_label $(cut -d ' ' -f 1 "$configs/current")"
fi
echo "configs=$(config_read "$configs" | sed -n 's/^at \([^ ]* [^ ]*\) .*/\1/p' | tr '\n' ' ')"
if [ "$kind" = tarball ]; then
  releases=$2 current=$3
  target=$(readlink -f "$current" 2>/dev/null)
  echo "version=${target##*/}"
  # a folder that is not there yet is made where its nearest parent lies
  folder=$releases
  while [ ! -d "$folder" ]; do folder=$(dirname "$folder"); done
  echo "freeMiB=$(free_mib "$folder")"
  if [ -L "$current" ]; then echo link=yes; else echo link=no; fi
  echo "kept=$(find "$releases" -mindepth 1 -maxdepth 1 -type d ! -name '.*' -printf '%f ' 2>/dev/null)"
else
  package=$2
  echo "version=$(dpkg-query -W -f='${db:Status-Status} ${Version}' "$package" 2>/dev/null | sed -n 's/^installed //p')"
  echo "freeMiB=$(free_mib /var)"
  echo "kept=$(find "/var/lib/pawl/packages/$package" -name '*.deb' -printf '%f\n' 2>/dev/null | sed 's/\.deb$//' | tr '\n' ' ')"
fi
