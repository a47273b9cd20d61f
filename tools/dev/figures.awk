# SPDX-License-Identifier: Apache-2.0
# Makes a table, or with json=yes one JSON array, of the lines of benchmarks:
# name, value, unit, peer, the peer's value and runs, separated by tabs; "-"
# where there is no peer. A line of another form ends it with status 1, and so
# does none at all.

BEGIN {
    FS = "\t"
    number = "^-?[0-9]+(\\.[0-9]+)?([eE][-+]?[0-9]+)?$"
    if (json == "yes")
        printf "["
    else
        row("name", "value", "unit", "peer", "its value", "ratio", "runs")
}

{
    if (!well_formed()) {
        print "no figure: " $0 > "/dev/stderr"
        bad = 1
        next
    }
    has_peer = $4 != "-"
    ratio = has_peer && $5 != 0 ? sprintf("%.4g", $2 / $5) : ""
    if (json == "yes")
        object()
    else
        row($1, short($2), $3, $4, has_peer ? short($5) : "-",
            ratio != "" ? sprintf("%.2f", ratio) : "-", $6)
    fflush()
    seen++
}

END {
    if (json == "yes")
        print "\n]"
    exit bad || !seen
}

function well_formed() {
    return NF == 6 && $1 ~ /^[a-z0-9_\/.-]+$/ && $2 ~ number &&
           $3 !~ /["\\]/ && $4 !~ /["\\]/ && $6 ~ /^[1-9][0-9]*$/ &&
           ($4 == "-" ? $5 == "-" : $5 ~ number)
}

# At least four digits, and no more than are worth reading.
function short(value) {
    return value >= 1000 ? sprintf("%.0f", value) : sprintf("%.4g", value)
}

function row(name, value, unit, peer, its, ratio, runs) {
    printf "%-28s %10s %-12s %-16s %10s %7s %5s\n", name, value, unit, peer,
           its, ratio, runs
}

function object() {
    printf "%s\n {\"name\": \"%s\", \"value\": %s, \"unit\": \"%s\", ",
           seen ? "," : "", $1, $2, $3
    if (has_peer)
        printf "\"peer\": \"%s\", \"peer_value\": %s, \"ratio\": %s, ", $4,
               $5, ratio != "" ? ratio : "null"
    else
        printf "\"peer\": null, \"peer_value\": null, \"ratio\": null, "
    printf "\"runs\": %d}", $6
}
