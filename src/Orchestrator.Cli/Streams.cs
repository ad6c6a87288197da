namespace Orchestrator.Cli;

/// <summary>Where the command line writes. Results go to <paramref name="Out"/>, everything said about them to <paramref name="Error"/>.</summary>
/// <param name="Out">Standard output.</param>
/// <param name="Error">Standard error.</param>
/// <param name="IsTerminal">True where progress may be drawn over itself; plain lines otherwise.</param>
public sealed record Streams(TextWriter Out, TextWriter Error, bool IsTerminal)
{
    /// <summary>The process's own.</summary>
    public static Streams Console { get; } = new(
        System.Console.Out, System.Console.Error, !System.Console.IsOutputRedirected && !System.Console.IsErrorRedirected);
}
