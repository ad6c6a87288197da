using Orchestrator.Tests.Shared;

[assembly: AssemblyFixture(typeof(PrivatePostgres))]

namespace Orchestrator.Cluster.Tests.Faults
{
    /// <summary>Tests that start many processes run one at a time, after the others: a starved machine is a fault that nobody asked for.</summary>
    [CollectionDefinition(Name, DisableParallelization = true)]
    public sealed class OneAtATime
    {
        public const string Name = "faults";
    }
}
