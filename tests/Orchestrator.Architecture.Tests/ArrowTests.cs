namespace Orchestrator.Architecture.Tests;

/// <summary>Which room may reference which. A new arrow is a decision: it is made here first.</summary>
public sealed class ArrowTests
{
    /// <summary>For each project of <c>src</c>, the projects it may reference.</summary>
    private static readonly Dictionary<string, string[]> Allowed = new()
    {
        ["Orchestrator.Domain"] = [],
        ["Orchestrator.Contracts"] = ["Orchestrator.Domain"],
        ["Orchestrator.Data"] = ["Orchestrator.Domain"],
        ["Orchestrator.Inference"] = ["Orchestrator.Domain"],
        ["Orchestrator.Persistence"] = ["Orchestrator.Domain"],
        ["Orchestrator.Grains"] = ["Orchestrator.Domain", "Orchestrator.Contracts", "Orchestrator.Persistence"],
        ["Orchestrator.Worker"] =
            ["Orchestrator.Domain", "Orchestrator.Contracts", "Orchestrator.Data", "Orchestrator.Inference", "ServiceDefaults"],
        ["Orchestrator.Api"] =
        [
            "Orchestrator.Domain", "Orchestrator.Grains", "Orchestrator.Contracts", "Orchestrator.Persistence", "Orchestrator.Data",
            "ServiceDefaults",
        ],

        // The demo makes its own pool at the first run.
        ["Orchestrator.Cli"] = ["Orchestrator.Domain", "Orchestrator.Api", "Orchestrator.Worker", "PoolGenerator", "ServiceDefaults"],
    };

    /// <summary>Packages by the start of their name, and the only projects of <c>src</c> that may use them.</summary>
    private static readonly Dictionary<string, string[]> PackageOwners = new()
    {
        ["Microsoft.Orleans"] = ["Orchestrator.Contracts", "Orchestrator.Grains", "Orchestrator.Worker", "Orchestrator.Api"],
        ["Microsoft.ML.OnnxRuntime"] = ["Orchestrator.Inference", "Orchestrator.Worker"],

        // Orleans' ADO.NET membership loads the driver by name, so each silo carries it.
        ["Npgsql"] = ["Orchestrator.Persistence", "Orchestrator.Contracts", "Orchestrator.Worker"],
        ["Microsoft.Data.Sqlite"] = ["Orchestrator.Persistence"],
        ["dbup"] = ["Orchestrator.Persistence"],
        ["Dapper"] = ["Orchestrator.Persistence"],
        ["NetVips"] = ["Orchestrator.Inference", "Orchestrator.Worker"],
        ["ParquetSharp"] = ["Orchestrator.Data"],
        ["Spectre.Console"] = ["Orchestrator.Cli"],
        ["Aspire"] = [],
    };

    public static TheoryData<string> Rooms => [.. Repository.Projects.Where(project => project.IsIn("src")).Select(project => project.Name)];

    [Fact]
    public void EveryRoom_HasItsRow() =>
        Assert.Equal(Allowed.Keys.Order(), Repository.Projects.Where(project => project.IsIn("src")).Select(project => project.Name).Order());

    [Theory]
    [MemberData(nameof(Rooms))]
    public void Room_ReferencesOnlyWhatItMay(string room)
    {
        var project = Repository.Projects.Single(project => project.Name == room);
        Assert.Empty(project.References.Except(Allowed[room]));
    }

    [Theory]
    [MemberData(nameof(Rooms))]
    public void Room_UsesOnlyPackagesThatAreItsBusiness(string room)
    {
        var project = Repository.Projects.Single(project => project.Name == room);
        var strangers = project.Packages.Where(package => PackageOwners.Any(owner =>
            package.StartsWith(owner.Key, StringComparison.OrdinalIgnoreCase) && !owner.Value.Contains(room)));
        Assert.Empty(strangers);
    }

    [Fact]
    public void Domain_HasNoPackageButTensors() =>
        Assert.Equal(["System.Numerics.Tensors"], Repository.Projects.Single(project => project.Name == "Orchestrator.Domain").Packages);

    [Fact]
    public void AppHost_StartsTheTwoServersAndNobodyReferencesIt()
    {
        var host = Repository.Projects.Single(project => project.Name == "AppHost");
        Assert.Equal(["Orchestrator.Api", "Orchestrator.Worker"], host.References.Order());
        Assert.Empty(Repository.Projects.Where(project => project.References.Contains("AppHost")).Select(project => project.Name));
    }

    [Fact]
    public void ServiceDefaultsAndThePoolGenerator_KnowNothingOfTheProduct() =>
        Assert.All(["ServiceDefaults", "PoolGenerator"], name =>
            Assert.Empty(Repository.Projects.Single(project => project.Name == name).References));

    [Fact]
    public void NothingThatShips_ReferencesTestsOrBenchmarks()
    {
        var apart = Repository.Projects.Where(project => project.IsIn("tests") || project.IsIn("bench")).Select(project => project.Name).ToArray();
        var shipped = Repository.Projects.Where(project => !apart.Contains(project.Name));
        Assert.Empty(shipped.Where(project => project.References.Intersect(apart).Any()).Select(project => project.Name));
    }
}
