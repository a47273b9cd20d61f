# SPDX-License-Identifier: Apache-2.0
# Reads what `ctest -V` says and prints one line a test program; of a program
# with a failure all that it said, of one that skipped which tests and why.
#
# A program's last line of the form "N passed, N failed, N skipped" counts its
# test cases. One that ends badly without naming a failure (it crashed, hung or
# was not built) counts as one failure, one that passes without the line as one
# passed. The line of each program is appended to the file `counts`, and of each
# that failed its name and the lines that say why to the file `failures`.

# What says why something failed, as our programs and compilers put it. A program
# that says none of it shows its first lines instead.
BEGIN {
    WHY = "FAIL|BROKEN|WRONG|ERROR|[Ee]rror[: ]|failed:|^skipped:|^SKIP |" \
          "would change|^[^ ]+:[0-9]+: "
    WHY_LINES = 8
}

# "7: text": said by test number 7.
/^[0-9]+: / {
    n = $1
    text = substr($0, length(n) + 2)
    n += 0
    if (text ~ /^Test command: |^Working Directory: |^Test timeout computed/)
        next
    if (text ~ /^Environment variables:/)
        next
    said[n] = said[n] "   " text "\n"
    if (text ~ WHY && whys[n]++ < WHY_LINES)
        why_lines[n] = why_lines[n] "   " text "\n"
    else if (heads[n]++ < WHY_LINES)
        head_lines[n] = head_lines[n] "   " text "\n"
    if (text ~ /^[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$/)
        line[n] = text
    else if (text ~ /^(SKIP|skipped:)/)
        skips[n] = skips[n] "   " text "\n"
    next
}

# " 3/12 Test  #7: unit.cbor .....   Passed    0.01 sec"
/^ *[0-9]+\/[0-9]+ Test +#[0-9]+: / {
    match($0, /#[0-9]+: [^ ]+/)
    split(substr($0, RSTART + 1, RLENGTH - 1), part, ": ")
    done(part[1] + 0, part[2], $0)
}

function done(n, name, report,    c, ok, why) {
    ok = report ~ / Passed +[0-9.]+ sec/
    why = ""
    if (line[n] == "")
        line[n] = ok ? "1 passed, 0 failed, 0 skipped" \
                     : "0 passed, 0 failed, 0 skipped"
    split(line[n], c, " ")
    if (!ok && c[3] == 0) {
        c[3] = 1
        match(report, /\*\*\*[A-Za-z: ]*/)
        why = " (" substr(report, RSTART + 3, RLENGTH - 3) ")"
        gsub(/ +\)/, ")", why)
    }
    printf "%d passed, %d failed, %d skipped\n", c[1], c[3], c[5] >> counts
    printf "%-8s %-28s %5d passed", title, name, c[1]
    if (c[3] > 0)
        printf ", %d FAILED%s", c[3], why
    if (c[5] > 0)
        printf ", %d skipped", c[5]
    match(report, /[0-9.]+ sec/)
    printf "  %s\n", substr(report, RSTART, RLENGTH)
    printf "%s", (c[3] > 0 ? said[n] : skips[n])
    if (c[3] > 0)
        printf "%s %s%s\n%s", title, name, why,
               (why_lines[n] != "" ? why_lines[n] : head_lines[n]) >> failures
    fflush()
    seen++
}

END {
    if (seen == 0) {
        print "no tests here: " title
        print "0 passed, 1 failed, 0 skipped" >> counts
        print title " has no tests of this suite" >> failures
    }
}
