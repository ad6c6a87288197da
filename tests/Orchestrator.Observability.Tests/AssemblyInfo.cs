using Orchestrator.Tests.Shared;

[assembly: AssemblyFixture(typeof(PrivatePostgres))]
