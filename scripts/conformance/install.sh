#!/usr/bin/env bash
# Installs the Autobahn test suite into a folder, from which `wstest` then runs, and `python` with what
# the suite has. It knows only Python 2.7; where there is none, Debian bullseye's is unpacked beside it, not installed.
set -euo pipefail

folder=${1:?usage: install.sh FOLDER}
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
wstest=$folder/wstest

works() { [ -x "$folder/python" ] && "$wstest" --autobahnversion >/dev/null 2>&1; }
works && exit 0

has_ssl() { "$1" -c 'import sys, ssl; sys.exit(sys.version_info[:2] != (2, 7))' 2>/dev/null; }

find_python() {
  local python
  for python in "$HOME"/.pyenv/versions/2.7.*/bin/python2.7 /usr/bin/python2.7 "$folder/python2.7"; do
    if [ -x "$python" ] && has_ssl "$python"; then
      echo "$python"
      return
    fi
  done
  return 1
}

# apt with a state of its own, that knows bullseye and nothing else.
unpack_bullseye() {
  local apt=$folder/apt root=$folder/bullseye mirror deb
  mkdir -p "$apt/lists/partial" "$apt/archives/partial" "$apt/debs" "$root"
  mirror=$(grep -rhoE 'https?://[^ ]+/debian/?( |$)' /etc/apt/sources.list /etc/apt/sources.list.d | head -n 1)
  echo "deb $mirror bullseye main" > "$apt/sources.list"
  local options=(
    -o "Dir::Etc::SourceList=$apt/sources.list" -o Dir::Etc::SourceParts=/dev/null
    -o "Dir::State::Lists=$apt/lists" -o "Dir::Cache=$apt" -o Dir::State::Status=/dev/null
    -o APT::Sandbox::User=root
  )
  apt-get "${options[@]}" -qq update
  (cd "$apt/debs" && apt-get "${options[@]}" -qq download python2.7-minimal libpython2.7-minimal \
    libpython2.7-stdlib libssl1.1 libffi7 libreadline8 libsqlite3-0)
  for deb in "$apt"/debs/*.deb; do
    dpkg -x "$deb" "$root"
  done
  {
    echo '#!/bin/sh'
    echo "export LD_LIBRARY_PATH=$root/usr/lib/x86_64-linux-gnu:$root/lib/x86_64-linux-gnu"
    echo "export PYTHONHOME=$root/usr"
    echo "exec $root/usr/bin/python2.7 \"\$@\""
  } > "$folder/python2.7"
  chmod +x "$folder/python2.7"
}

python=$(find_python) || { unpack_bullseye && python=$(find_python); } || {
  echo "error: there is no Python 2.7 here, and none could be had from Debian" >&2
  exit 1
}

# pip 20.3.4 is the last for Python 2.7. Its wheel is fetched by the pip of Python 3.
python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: \
  --python-version 2.7 --implementation cp --dest "$folder/wheels" pip==20.3.4
python3 -m zipfile -e "$folder"/wheels/pip-20.3.4-*.whl "$folder/pip"
pip() {
  PYTHONPATH=$folder/pip:$folder/lib "$python" -m pip install --quiet --no-cache-dir --no-deps \
    --disable-pip-version-check --no-python-version-warning --no-build-isolation \
    --target "$folder/lib" "$@"
}
pip setuptools==44.0.0 wheel==0.37.1
pip --only-binary cffi,cryptography,zope.interface,Twisted,MarkupSafe -r "$here/requirements.txt"
pip autobahntestsuite==25.10.1
touch "$folder/lib/zope/__init__.py"
{
  echo '#!/bin/sh'
  echo "export PYTHONPATH=$folder/lib PYTHONWARNINGS=ignore"
  echo "exec $python \"\$@\""
} > "$folder/python"
{
  echo '#!/bin/sh'
  echo "exec $folder/python -c 'from autobahntestsuite.wstest import run; run()' \"\$@\""
} > "$wstest"
chmod +x "$folder/python" "$wstest"
works || { echo "error: the Autobahn suite was installed, but does not start" >&2; exit 1; }
