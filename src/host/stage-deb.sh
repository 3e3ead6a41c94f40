# Keeps an uploaded package where the switch finds it. Safe to repeat.
# usage: stage-deb FILE VERSION SHA256 FREE-MIB KEEP PACKAGE
# exits 10 upload it first, 20 too little space, 21 another package of this version is kept, 22 not that package,
#   23 another attempt is at it
# uses: releases
set -eu
file=$1 version=$2 sha=$3 free_mib=$4 keep=$5 package=$6
folder=/var/lib/pawl/packages/$package kept=/var/lib/pawl/packages/$package/$version.deb
alone "$folder"
if [ -f "$kept" ]; then
  [ "$(sha256sum <"$kept" | cut -d' ' -f1)" = "$sha" ] && exit 0
  echo "$kept holds other bytes than the planned ones" >&2
  exit 21
fi
uploaded "$file" "$sha"
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
# both lie in /var/lib/pawl
touch "$file"
mv "$file" "$kept"
sync "$folder"
running=$(dpkg-query -W -f='${Version}' "$package" 2>/dev/null) || running=
for old in $(beyond "$folder" deb "$keep" "$running" "$version"); do rm -f "$folder/$old.deb"; done
