# Keeps a checked package where the switch finds it. Safe to repeat.
# usage: stage-deb FILE PACKAGE VERSION SHA256 FREE-MIB
# exits 20 too little space, 21 another package of this version is kept, 22 not that package
set -eu
file=$1 package=$2 version=$3 sha=$4 free_mib=$5
folder=/var/lib/pawl/packages/$package kept=/var/lib/pawl/packages/$package/$version.deb
if [ -f "$kept" ]; then
  [ "$(sha256sum <"$kept" | cut -d' ' -f1)" = "$sha" ] && exit 0
  echo "$kept holds other bytes than the planned ones" >&2
  exit 21
fi
found=$(dpkg-deb -f "$file" Package Version 2>&1 | tr '\n' ' ') || { echo "$found" >&2; exit 22; }
if [ "$found" != "Package: $package Version: $version " ]; then
  echo "the package says $found, not $package $version" >&2
  exit 22
fi
free=$(df --output=avail -BM /var | tail -n 1 | tr -dc 0-9)
# in KiB; not every package says it
installed=$(dpkg-deb -f "$file" Installed-Size | tr -dc 0-9)
needed=$((free_mib + (${installed:-0} + $(wc -c <"$file") / 1024) / 1024))
if [ "$free" -lt "$needed" ]; then
  echo "/var has $free MiB free; $needed MiB are needed, $free_mib MiB of reserve among them" >&2
  exit 20
fi
mkdir -p "$folder"
cp "$file" "$kept.new"
sync "$kept.new"
mv "$kept.new" "$kept"
