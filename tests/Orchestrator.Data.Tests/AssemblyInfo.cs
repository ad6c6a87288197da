using Orchestrator.Tests.Shared;

[assembly: AssemblyFixture(typeof(PrivateS3))]
