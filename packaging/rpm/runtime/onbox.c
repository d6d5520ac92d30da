/* The program /usr/bin/onbox: CPython and the one thing that it runs.

   A start that fails ends with 3, onbox's exit code for "refused, nothing was changed".
   CPython's own program would end with 1, which means "the update failed". */

#include <Python.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#define PREFIX L"/usr/lib/onbox"
#define LIBRARY PREFIX L"/lib/python3.13"

#define MEMORY (64 << 20)

enum { REFUSED = 3, UNKNOWN = 6, INTERRUPTED = 130 };

static int
refused(const char *reason)
{
    fprintf(stderr, "onbox: Python could not start: %s. Nothing was changed on the appliance. "
            "Check the package with 'rpm -V onbox' and the limits of your login with 'ulimit -a'.\n", reason);
    return REFUSED;
}

/* What a closed standard stream leaves free would be the number of the next opened file, which could be the journal. */
static void
open_standard_streams(void)
{
    int stream;
    do {
        stream = open("/dev/null", O_RDWR);
    } while (stream >= 0 && stream <= STDERR_FILENO);
    if (stream > STDERR_FILENO) {
        close(stream);
    }
}

/* With much less memory CPython can crash or loop instead of reporting a failed start. */
static int
is_memory_limited(void)
{
    const int kinds[] = {RLIMIT_AS, RLIMIT_DATA};
    struct rlimit limit;
    for (size_t i = 0; i < Py_ARRAY_LENGTH(kinds); i++) {
        if (getrlimit(kinds[i], &limit) == 0 && limit.rlim_cur < MEMORY) {
            return 1;
        }
    }
    return 0;
}

/* Neither the environment, nor the folder of the caller, nor the user's own packages have a say, and nothing is written
   below PREFIX. UTF-8 mode, because the encoding of a locale may be one that the package does not carry. */
static PyStatus
start_python(int argc, char **argv, PyConfig *config)
{
    PyPreConfig preconfig;
    PyPreConfig_InitIsolatedConfig(&preconfig);
    preconfig.utf8_mode = 1;
    PyStatus status = Py_PreInitialize(&preconfig);
    if (PyStatus_Exception(status)) {
        return status;
    }
    PyConfig_InitIsolatedConfig(config);
    config->install_signal_handlers = 1;
    config->site_import = 0;
    config->write_bytecode = 0;
    config->module_search_paths_set = 1;
    const struct { wchar_t **setting, *value; } texts[] = {
        {&config->program_name, L"onbox"}, {&config->home, PREFIX},
    };
    for (size_t i = 0; i < Py_ARRAY_LENGTH(texts) && !PyStatus_Exception(status); i++) {
        status = PyConfig_SetString(config, texts[i].setting, texts[i].value);
    }
    wchar_t *const folders[] = {LIBRARY, LIBRARY L"/site-packages"};
    for (size_t i = 0; i < Py_ARRAY_LENGTH(folders) && !PyStatus_Exception(status); i++) {
        status = PyWideStringList_Append(&config->module_search_paths, folders[i]);
    }
    if (!PyStatus_Exception(status)) {
        status = PyConfig_SetBytesArgv(config, argc, argv);
    }
    return PyStatus_Exception(status) ? status : Py_InitializeFromConfig(config);
}

static int
import_failed(void)
{
    if (PyErr_ExceptionMatches(PyExc_KeyboardInterrupt)) {
        return INTERRUPTED;
    }
    PyObject *error = PyErr_GetRaisedException();
    PyObject *text = PyObject_Str(error);
    const char *words = text ? PyUnicode_AsUTF8(text) : NULL;
    return refused(words && *words ? words : Py_TYPE(error)->tp_name);
}

int
main(int argc, char **argv)
{
    open_standard_streams();
    if (is_memory_limited()) {
        return refused("a limit of your login leaves it less than 64 MiB of memory");
    }
    PyConfig config;
    PyStatus status = start_python(argc, argv, &config);
    if (PyStatus_Exception(status)) {
        return refused(status.err_msg);
    }
    PyConfig_Clear(&config);
    PyObject *cli = PyImport_ImportModule("onbox.cli");
    if (cli == NULL) {
        return import_failed();
    }
    PyObject_CallMethod(cli, "main", NULL);
    if (PyErr_ExceptionMatches(PyExc_SystemExit)) {
        PyErr_Print(); /* ends with the exit code in it */
    }
    fputs("onbox: it failed without a result. It is not known whether the marker time was changed: "
          "run 'onbox status'.\n", stderr);
    return UNKNOWN;
}
