using System.CommandLine;
using System.Runtime.InteropServices;
using Orchestrator.Cli.Commands;

namespace Orchestrator.Cli;

/// <summary>One run of the program: arguments in, exit code out.</summary>
public static class CommandLine
{
    /// <summary>Runs a verb. A command line that does not parse is <see cref="ExitCodes.Usage"/>, each mistake on a line of its own.</summary>
    /// <param name="args">Arguments, the program's name left out.</param>
    /// <param name="streams">Where to write.</param>
    /// <param name="interrupt">Cancelled at the first Ctrl-C; what that means is the verb's.</param>
    public static async Task<int> RunAsync(string[] args, Streams streams, CancellationToken interrupt)
    {
        var parsed = RootVerbs.Create(streams).Parse(args);
        if (parsed.Errors.Count == 0)
        {
            // Signals are ours: the library's own handling would end the process while a job is being cancelled.
            return await parsed.InvokeAsync(
                new() { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null, Output = streams.Out, Error = streams.Error }, interrupt);
        }

        foreach (var error in parsed.Errors)
        {
            await streams.Error.WriteLineAsync($"orchestrator: {error.Message}");
        }

        await streams.Error.WriteLineAsync("Try 'orchestrator --help'.");
        return ExitCodes.Usage;
    }

    /// <summary>Runs a verb under the process's signals: the first Ctrl-C or SIGTERM asks it to end, the second ends the process.</summary>
    public static async Task<int> RunUnderSignalsAsync(string[] args, Streams streams)
    {
        using var interrupt = new CancellationTokenSource();
        using var ctrlC = PosixSignalRegistration.Create(PosixSignal.SIGINT, Ask);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Ask);
        return await RunAsync(args, streams, interrupt.Token);

        void Ask(PosixSignalContext signal)
        {
            signal.Cancel = !interrupt.IsCancellationRequested;
            interrupt.Cancel();
        }
    }
}
