// The types of OpenBLAS's C interface. The library itself is loaded at run time, by its name, when training
// first needs it: nothing here links it.
#include <cblas.h>
