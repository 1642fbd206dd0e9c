// Gives way to a server before anything else of the program runs.
//
// Constructors of the program and its libraries take milliseconds of a processor, as does parsing its words. A server
// beside it has requests to answer meanwhile. So the program asks as soon as it is loaded, before any constructor, whether
// its words change a store that a server answers from, and if so runs as `SCHED_IDLE`. `Settings` and `Store.isServed`
// ask the same in Swift, for good, once the words are parsed.

#pragma once

#include <stdbool.h>

/// The command whose words change the packs of a store, by its number from 0; null after the last.
const char *moe_change_command(int number);

/// Whether words, the program's name first, change a store that a server answers from.
///
/// What they mean is settled when they are parsed; until then it is enough to be right nearly always. `environment` has
/// strings `NAME=value` up to a null, as `environ`; the store lies where `--store`, `MOEPACK_STORE`, `XDG_DATA_HOME` or
/// `HOME` say, in that order.
bool moe_changes_served_store(int count, char *const *words, char *const *environment);
