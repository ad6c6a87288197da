using Orchestrator.Cli;

return await CommandLine.RunUnderSignalsAsync(args, Streams.Console);
