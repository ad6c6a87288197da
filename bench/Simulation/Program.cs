using Orchestrator.ServiceDefaults;
using Orchestrator.Simulation;

// The two servers as they ship, with one more kind of job ('simulated') and faults that can be switched on (section Simulation).
// Usage: Orchestrator.Simulation api | worker, configured like the servers themselves.
await using var app = args is [var role, ..] && role == "api" ? Servers.Api(args[1..])
    : args is ["worker", ..] ? Servers.Worker(args[1..])
    : throw new ArgumentException("Name the role: api or worker.");
await app.RunUntilStoppedAsync();
