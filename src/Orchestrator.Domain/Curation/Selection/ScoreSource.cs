namespace Orchestrator.Domain.Curation.Selection;

/// <summary>A run of consecutive rows of one part.</summary>
/// <param name="Part">Part index, 0 or more.</param>
/// <param name="FirstRow">Row number of the first score, 0 or more. (Part, row) is unique in a source.</param>
/// <param name="Scores">One score a row; NaN or infinite for rows that do not take part. Valid until the next chunk is asked for.</param>
/// <param name="KeyAt">Key of the i-th row of this chunk; well-formed Unicode. Called only for scores at the boundary, so it may be slow.</param>
public readonly record struct ScoreChunk(int Part, long FirstRow, ReadOnlyMemory<float> Scores, Func<int, string> KeyAt);

/// <summary>A scored pool that can be read several times. Every reading gives the same rows; their order and chunking are free.</summary>
public interface IScoreSource
{
    /// <summary>Begins a new reading.</summary>
    IEnumerable<ScoreChunk> Open();
}
