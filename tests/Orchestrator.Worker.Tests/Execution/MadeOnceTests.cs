using Orchestrator.Inference.Sessions;
using Orchestrator.Worker.Curation;
using Orchestrator.Worker.Execution;

namespace Orchestrator.Worker.Tests.Execution;

public sealed class MadeOnceTests
{
    [Fact]
    public void Get_AfterAnyFailure_MakesAnew()
    {
        var values = new MadeOnce<string, object>();
        Assert.Throws<IOException>(() => values.Get("a", _ => throw new IOException("away")));
        Assert.Empty(values.All);

        var made = values.Get("a", _ => new object());

        Assert.Same(made, values.Get("a", _ => throw new IOException("not asked")));
        Assert.Equal([KeyValuePair.Create("a", made)], values.All);
    }

    [Fact]
    public void Bound_ForgetsOnlyWhenThereAreMore()
    {
        var values = new MadeOnce<int, int>();
        values.Get(1, key => key);
        values.Get(2, key => key);
        values.Bound(2);
        Assert.Equal(2, values.All.Count());
        values.Bound(1);
        Assert.Empty(values.All);
    }

    /// <summary>A disk that is away while a model loads is no property of the model.</summary>
    [Fact]
    public void LoadedModels_AfterAnInputError_LoadAgain()
    {
        var attempts = 0;
        using var models = new LoadedModels<MemoryStream>(_ => attempts++ == 0 ? throw new IOException("away") : new MemoryStream());
        Assert.Throws<IOException>(() => models.Get("m"));
        Assert.Empty(models.Names);
        Assert.Same(models.Get("m"), models.Get("m"));
        Assert.Equal((2, "m"), (attempts, Assert.Single(models.Names)));
    }

    /// <summary>The announcement is part of every exchange: a failure of the first must not be the answer to all.</summary>
    [Fact]
    public void Announcement_AfterAnInputError_IsMadeAgain()
    {
        var listings = 0;
        using var models = new ScoringModels(new ModelCatalog([]), new InferenceOptions(), () => listings++ == 0 ? throw new IOException("away") : ["gone"]);
        Assert.Throws<IOException>(() => models.List());
        Assert.Equal("gone", Assert.Single(models.List()).Name);
        Assert.Same(models.List(), models.List());
        Assert.Equal(2, listings);
    }
}
