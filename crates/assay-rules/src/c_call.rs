//! What functions that programs in C and C++ call by name do with their arguments,
//! and whether they come back.

/// Functions that free or close their only argument.
pub(crate) const FREES: &[&str] = &[
    "free",
    "kfree",
    "vfree",
    "g_free",
    "xfree",
    "curl_free",
    "fclose",
    "pclose",
    "closedir",
];

/// Functions whose result is new memory or a file, and null when they fail.
pub(crate) const ALLOCATES: &[&str] = &[
    "malloc",
    "calloc",
    "realloc",
    "reallocarray",
    "aligned_alloc",
    "strdup",
    "strndup",
    "fopen",
    "fdopen",
    "tmpfile",
    "popen",
    "opendir",
];

/// Functions that make a number of a text.
pub(crate) const PARSES: &[&str] = &[
    "atoi", "atol", "atoll", "strtol", "strtoul", "strtoll", "strtoull",
];

/// Functions that store what they read into their arguments.
pub(crate) const SCANS: &[&str] = &["scanf", "fscanf", "sscanf"];

/// Functions that follow the pointers that they get, keep none of them, and come
/// back.
pub(crate) const FOLLOWS: &[&str] = &[
    "strlen",
    "strcpy",
    "strncpy",
    "strcat",
    "strncat",
    "strcmp",
    "strncmp",
    "strcasecmp",
    "strchr",
    "strrchr",
    "strstr",
    "memcpy",
    "memmove",
    "memset",
    "memcmp",
    "sprintf",
    "snprintf",
    "puts",
    "fputs",
    "fgets",
    "fread",
    "fwrite",
    "fgetc",
    "fputc",
    "getc",
    "putc",
    "fseek",
    "ftell",
    "rewind",
    "feof",
    "ferror",
    "fflush",
    "fprintf",
    "fscanf",
    "sscanf",
    "atoi",
    "atol",
    "strtol",
    "strtoul",
    "readdir",
    "getline",
    "toupper",
    "tolower",
];

/// Functions that print what they get, which may be null; they come back.
pub(crate) const PRINTS: &[&str] = &["printf", "perror", "syslog", "vprintf"];

/// Calls that never come back.
pub(crate) const NO_RETURN: &[&str] = &[
    "exit",
    "_exit",
    "_Exit",
    "quick_exit",
    "abort",
    "longjmp",
    "siglongjmp",
    "err",
    "errx",
    "die",
    "panic",
    "BUG",
    "usage",
    "fatal",
    "__builtin_unreachable",
    "unreachable",
    "terminate",
];
