"""Chatter: sentences that programs write about themselves, and that say nothing about the update."""

import re

# psql puts the program, the file and the line before what it says of a statement.
PROGRAM = r"(?:[\w./+-]{0,200}/)?psql(?:\.\w+)?"
AT = rf"(?:{PROGRAM}:[^:]{{1,300}}:\d{{1,9}}: )?"

_SENTENCES = """\
# The vendor's tools and login shells, as documented
{Manage *|Store|* Utility} ims-*-build*
Copyright ({C|c}) * {RSA|EMC|Dell}** All rights reserved.
%% Running at: *:[*] %%
RSA Authentication Manager Installation Directory: /*

# psql and libpq
{psql|psql.bin} (**)
Type "help" for help.
SSL connection ({protocol|cipher}: **)
WARNING: psql {major |}version *, server {major |}version *.
         Some psql features might not work.
WARNING: password file "**" has group or world access; permissions should be u=rw (0600) or less
WARNING: password file "**" is not a plain file
Timing is on.
Time: * ms{ (**)|}

# PostgreSQL, of its statistics, its collations and its backslashes
{AT}WARNING:  pgstat wait timeout
{AT}WARNING:  database "*" has a collation version mismatch
DETAIL:  The database was created using collation version *, but the operating system provides version *.
HINT:  Rebuild all objects in this database that use the default collation and run ALTER DATABASE * \
REFRESH COLLATION VERSION, or build PostgreSQL with the right library version.
{AT}WARNING:  nonstandard use of * in a string literal
HINT:  Use the escape string syntax for {backslashes|quotes|escapes}, e.g., E'**'.

# Shells, of a mailbox and of a locale that is not installed
You have {new |}mail{ in *|}.
*: {line *: |}warning: setlocale: LC_*: cannot change locale (*){: No such file or directory|}
perl: warning: Setting locale failed.
perl: warning: Please check that your locale settings:
        {LANGUAGE|LANG|LC_*} = {(unset)|"*"}{,|}
    are supported and installed on your system.
perl: warning: Falling back to {the standard|a fallback} locale ("*").
locale: Cannot set LC_* to default locale: No such file or directory

# The JVM, of its options
Picked up {JAVA_TOOL_OPTIONS|_JAVA_OPTIONS}: **
NOTE: Picked up JDK_JAVA_OPTIONS: **
{VM}{i|I}gnoring option *; support was removed in *
{VM}Option{ *| *=*|s * and *} {was|were} deprecated in {version |JDK |}* and will likely be removed in a future release.
{VM}Using ** is deprecated and will likely be removed in a future release{.|}
{VM}Sharing is only supported for boot loader classes because bootstrap classpath has been appended
{VM}Cannot open file * due to {No such file or directory|Permission denied}
{VM}You have loaded library * which might have disabled stack guard. The VM will try to fix the stack guard now.
It's highly recommended that you fix the library with 'execstack -c <libfile>', or link it with '-z noexecstack'.


# The JVM, of what programs do to it
WARNING: An illegal reflective access operation has occurred
WARNING: Illegal reflective access by * (*) to {method|field|constructor} *
WARNING: Please consider reporting this to the maintainers of *
WARNING: Use --illegal-access=warn to enable warnings of further illegal reflective access operations
WARNING: All illegal access operations will be denied in a future release
WARNING: A terminally deprecated method in * has been called
WARNING: *::* has been called by * (*)
WARNING: {*::* will|The Security Manager is deprecated and will} be removed in a future release
WARNING: A command line option has enabled the Security Manager

# Log4j 1 and 2, of their set-up
log4j:WARN No appenders could be found for logger (*).
log4j:WARN Please initialize the log4j system properly.
log4j:WARN See {http|https}://logging.apache.org/log4j/1.2/faq.html#noconfig for more info.
log4j:WARN No such property [*] in *.
log4j:ERROR Could not find value for key log4j.appender.*
log4j:ERROR Could not instantiate appender named "*".
WARNING: sun.reflect.Reflection.getCallerClass is not supported. This will impact performance.
WARNING: Runtime environment or build system does not support multi-release JARs. \
This will impact location-based features.
{STATUS}No {log4j2|Log4j 2} configuration file found. Using default configuration\
{: logging only errors to the console.| (logging only errors to the console).\
| (logging only errors to the console), or user programmatically provided configurations.}\
{ Set system property '*' {to TRACE |}to show {Log4j2|Log4j 2} internal initialization logging.|}\
{ See https://logging.apache.org/* for instructions on how to configure Log4j 2|}
{STATUS}Log4j2 could not find a logging implementation. Please add log4j-core to the classpath. \
Using SimpleLogger to log to the console...

# SLF4J 1 and 2, of what it logs with
{SLF4J}Failed to load class "org.slf4j.impl.*".
{SLF4J}Defaulting to no-operation {(NOP) logger implementation|MDCAdapter implementation.}
{SLF4J}See {http|https}://www.slf4j.org/codes.html#* for {further details|an explanation}.
{SLF4J}Class path contains multiple SLF4J {bindings|providers}.
{SLF4J}Class path contains SLF4J bindings targeting slf4j-api versions * or earlier.
{SLF4J}{Found|Actual|Ignoring|Connected with} {binding|provider} {in |found at |is of type |of type |}[*]
{SLF4J}No SLF4J providers were found.
"""

# The names above at the beginnings of lines.
_BEGINNINGS = {
    "{AT}": AT,
    "{VM}": r"(?:OpenJDK|Java HotSpot\(TM\)) (?:64-Bit |Client |Server )*VM warning: ",
    "{STATUS}": r"(?:\d{4}-\d\d-\d\d[ T][\d:.,Z]+ )?(?:main )?(?:ERROR|WARN) StatusLogger ",
    "{SLF4J}": r"SLF4J(?:\([WI]\))?: ",
}
# In a sentence, * stands for a run without blanks, ** for any run, and {a|b|} for one of these or nothing.
_SIGNS = {"**": ".*", "*": r"\S*", "{": "(?:", "|": "|", "}": ")", **_BEGINNINGS}


def _pattern(sentence: str) -> str:
    parts = re.split(r"(\{[A-Z]+[0-9]*[A-Z]\}|\*\*|[*{|}])", sentence)
    return "".join(_SIGNS.get(part, re.escape(part)) for part in parts)


# Each matches a whole line.
CHATTER = tuple(_pattern(line) for line in _SENTENCES.splitlines() if line and not line.startswith("# "))
