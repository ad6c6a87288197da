using Orchestrator.Data.Formats;
using Orchestrator.Data.Storage;

namespace Orchestrator.Worker.Curation;

/// <summary>
/// Gathers the image embeddings of a shard's samples, a row each in the order of the score part, NaN for samples that were not
/// scored. Rows go to a side file at once; the array's header needs their number and comes with the final file.
/// </summary>
public sealed class EmbeddingWriter : IDisposable
{
    private readonly List<(int Stage, KeptEmbeddings Kept, string Path, FileStream Rows, Half[] Missing)> _files = [];
    private long _count;

    /// <param name="plan">Stages and models.</param>
    /// <param name="folder">The attempt's folder.</param>
    public EmbeddingWriter(ScoringPlan plan, AttemptFolder folder)
    {
        foreach (var (stage, model) in plan.Models.Index())
        {
            if (model.Embeddings is not { } kept)
            {
                continue;
            }

            var missing = new Half[kept.Dimension];
            Array.Fill(missing, Half.NaN);
            var path = folder.File($"{kept.Signal}.rows");
            _files.Add((stage, kept, path, new FileStream(path, FileMode.Create, FileAccess.ReadWrite, FileShare.None, 1 << 16), missing));
        }
    }

    /// <summary>Adds the next sample of the shard.</summary>
    public void Add(PreparedSample sample)
    {
        _count++;
        foreach (var file in _files)
        {
            file.Rows.Write(HalfNpy.Bytes(sample.Embeddings?[file.Stage] ?? file.Missing));
        }
    }

    /// <summary>Makes the arrays.</summary>
    /// <param name="workspace">The job's workspace.</param>
    /// <param name="index">Index of the input shard.</param>
    public IReadOnlyList<EmbeddingFile> Finish(CurationWorkspace workspace, int index) => _files.ConvertAll(file =>
    {
        var (signal, _, published, images) = file.Kept;
        var name = published ? OutputNames.Embeddings(signal, index) : "";
        var folder = Path.GetDirectoryName(file.Path)!;
        return new EmbeddingFile(signal, images, workspace.WriteFile(Path.Combine(folder, $"{signal}.npy"), name, stream =>
        {
            stream.Write(HalfNpy.Header(_count, file.Missing.Length));
            file.Rows.Position = 0;
            file.Rows.CopyTo(stream);
        }));
    });

    /// <summary>Removes the side files.</summary>
    public void Dispose()
    {
        foreach (var file in _files)
        {
            file.Rows.Dispose();
            File.Delete(file.Path);
        }
    }
}
