#!/bin/sh
# Builds what the pages of dashboard/, landing/ and origin/ load: the CSS by Tailwind, and copies of the libraries and fonts.
# Offline, from node_modules. Does nothing when no source has changed since the last time.
set -eu
cd "$(dirname "$0")/../.."
modules=node_modules
if [ ! -x "$modules/.bin/tailwindcss" ]; then
    echo "The pages' styles need node_modules: run 'npm ci' first, or 'make run', which does it." >&2
    exit 1
fi

sources() {
    folders=
    for folder in styles templates static look mail/pages safety/pages; do
        if [ -d "$1/$folder" ]; then folders="$folders $1/$folder"; fi
    done
    # shellcheck disable=SC2086  # words on purpose
    find deploy/brand deploy/local/build_assets.sh package-lock.json $folders \
        -path "*/static/*built*" -prune -o -type f -print | LC_ALL=C sort
}

# Two builds at once (tests that run side by side) take turns. A lock that outlived its build is taken over.
lock() {
    tries=0
    until mkdir "$1" 2>/dev/null || [ "$tries" -ge 150 ]; do
        tries=$((tries + 1))
        sleep 0.1
    done
}

is_fresh() { [ "$(cat "$built/.sources" 2>/dev/null)" = "$now" ]; }

build() {
    app=$1 built=$1/static/built
    now=$(sources "$app" | xargs cksum | cksum)
    is_fresh && return 0
    lock "$app/static/.built.lock"
    trap 'rm -rf "$app/static/.built.lock"' EXIT
    is_fresh && return 0
    # Made beside and moved in whole: a process that serves the old files meanwhile never sees half of the new.
    fresh=$(mktemp -d "$app/static/.built.XXXXXX")
    trap 'rm -rf "$fresh" "$app/static/.built.lock"' EXIT
    "fill_$app"
    echo "$now" >"$fresh/.sources"
    chmod 755 "$fresh"
    rm -rf "$built"
    mv "$fresh" "$built"
}

# The page of the API's documentation, and those for people.
fill_origin() {
    fill_styled
    style docs
    swagger=$modules/swagger-ui-dist
    cp "$swagger/swagger-ui-bundle.js" "$swagger/swagger-ui.css" "$fresh"
    cat "$swagger/LICENSE" "$swagger/swagger-ui-bundle.js.LICENSE.txt" >"$fresh/swagger-ui.LICENSE"
}

fill_landing() { fill_styled; }

fill_dashboard() {
    fill_styled
    cp "$modules/htmx.org/dist/htmx.min.js" "$modules/uplot/dist/uPlot.iife.min.js" "$fresh"
    mkdir "$fresh/flags"
    cp "$modules"/country-flag-icons/3x2/??.svg "$fresh/flags"
}

style() {
    "$modules/.bin/tailwindcss" --minify -i "$app/styles/$1.css" -o "$fresh/$1.css" >"$fresh/log" 2>&1 ||
        { cat "$fresh/log" >&2; exit 1; }
    rm "$fresh/log"
}

fill_styled() {
    style app
    fonts=$modules/@fontsource-variable
    cp "$fonts"/hanken-grotesk/files/hanken-grotesk-latin-wght-normal.woff2 \
        "$fonts"/hanken-grotesk/files/hanken-grotesk-latin-ext-wght-normal.woff2 \
        "$fonts"/bricolage-grotesque/files/bricolage-grotesque-latin-wght-normal.woff2 deploy/brand/mark.svg "$fresh"
    cp "$fonts"/hanken-grotesk/LICENSE "$fresh/hanken-grotesk.LICENSE"
    cp "$fonts"/bricolage-grotesque/LICENSE "$fresh/bricolage-grotesque.LICENSE"
}

(build dashboard) & first=$!
(build landing) & second=$!
(build origin) & third=$!
failed=0
wait "$first" || failed=1
wait "$second" || failed=1
wait "$third" || failed=1
exit "$failed"
