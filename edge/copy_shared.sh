#!/bin/sh
# Put the contract's modules beside the Worker's own, where the upload and `from shared.x import y` find them.
# With --list: only say which they are.
set -eu
modules="__init__ base36 change_feed click_event errors kv_record link_packs request_id signing slug"
if [ "${1:-}" = --list ]; then
    echo "$modules"
    exit
fi
cd "$(dirname "$0")/.."
rm -rf edge/shared
mkdir edge/shared
for module in $modules; do
    cp "shared/$module.py" edge/shared/
done
