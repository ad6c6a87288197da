using System.Diagnostics;
using Orchestrator.Domain.Evaluation.Decoding;
using Orchestrator.Domain.Evaluation.Drafters;
using Orchestrator.Domain.Evaluation.Sampling;
using Orchestrator.Domain.Evaluation.Verification;
using Orchestrator.Domain.Statistics;
using Orchestrator.Inference.Language;

namespace Orchestrator.Bench.Decoding;

/// <summary>Medians over rounds in which the ways compared take turns.</summary>
internal sealed class LoopBench(string file, DecoderGraph graph, int tokens, int rounds)
{
    private static readonly int[] Prompt = [.. Enumerable.Range(0, 32).Select(i => (i * 37) % 900)];

    /// <summary>The whole loop of the baseline (propose, forward, verify, keep, trace) and the bare session calls on the same tokens.</summary>
    public void Loop()
    {
        var output = Decode().Output;
        using var bare = new BareSession(file);
        List<double> loops = [], calls = [], loopUse = [], callUse = [];
        for (var round = -1; round < rounds; round++)
        {
            var loop = Decode();
            var (wall, processor) = bare.Run(Prompt, output);
            if (round >= 0)
            {
                loops.Add(loop.Wall / (output.Count - 1));
                calls.Add(wall / (output.Count - 1));
                loopUse.Add(loop.Processor / (output.Count - 1));
                callUse.Add(processor / (output.Count - 1));
            }
        }

        Report("loop, µs a step", loops);
        Report("bare session calls, µs a step", calls);
        Report("loop, µs of processor time a step", loopUse);
        Report("bare session calls, µs of processor time a step", callUse);

        // A machine that is shared moves the clock of either by more than the loop takes; processor time it leaves alone.
        var overhead = (Median(loopUse) - Median(callUse)) / Median(loopUse);
        Console.WriteLine(FormattableString.Invariant($"host overhead, share of a step's processor time: {overhead:F4}; {(overhead <= 0.05 ? "within" : "ABOVE")} the 5 % that are allowed"));
    }

    /// <summary>A round in which all of a draft is rejected, beside one without a draft: rows read in vain, then dropped.</summary>
    public void RollBack()
    {
        foreach (var gamma in (int[])[1, 4, 16])
        {
            var (forward, keep) = (new List<double>(), new List<double>());
            using var sequence = new CausalSequence(graph);
            sequence.Prefill(Prompt);
            for (var round = -2; round < rounds * 20; round++)
            {
                var tree = new TokenTree(5);
                for (var i = 0; i < gamma; i++)
                {
                    tree.Add(i, (round + i + 50) % 900);
                }

                var started = Stopwatch.GetTimestamp();
                sequence.Forward(tree);
                var read = Stopwatch.GetTimestamp();
                sequence.Keep([]);
                sequence.Rewind(Prompt.Length);
                if (round >= 0)
                {
                    forward.Add(Stopwatch.GetElapsedTime(started, read).TotalMicroseconds);
                    keep.Add(Stopwatch.GetElapsedTime(read).TotalMicroseconds);
                }
            }

            Report($"roll-back of {gamma} rejected rows, µs", keep, 2);
            Report($"  beside a forward of {gamma + 1} rows, µs", forward);
        }
    }

    /// <summary>The same tree in one forward with a bias, and as a batch of leaf paths on a plain export.</summary>
    public void TreeAndLeafPaths(DecoderGraph plain)
    {
        foreach (var branching in (int[][])[[2, 2], [3, 2, 1], [4, 4]])
        {
            var (one, paths) = (new List<double>(), new List<double>());
            using var first = new CausalSequence(graph);
            using var second = new CausalSequence(plain);
            first.Prefill(Prompt);
            second.Prefill(Prompt);
            for (var round = -2; round < rounds * 4; round++)
            {
                foreach (var (sequence, times) in ((CausalSequence, List<double>)[])[(first, one), (second, paths)])
                {
                    var tree = Tree(branching);
                    var started = Stopwatch.GetTimestamp();
                    sequence.Forward(tree);
                    sequence.Keep([]);
                    if (round >= 0)
                    {
                        times.Add(Stopwatch.GetElapsedTime(started).TotalMicroseconds);
                    }

                    sequence.Rewind(Prompt.Length);
                }
            }

            var nodes = Tree(branching).Count;
            Report($"tree [{string.Join(", ", branching)}] of {nodes} nodes, one forward, µs", one);
            Report($"tree [{string.Join(", ", branching)}] of {nodes} nodes, leaf paths, µs", paths);
        }
    }

    private static TokenTree Tree(int[] branching)
    {
        var shape = TreeShape.FromBranching(branching);
        var tree = new TokenTree(5);
        for (var node = 1; node <= shape.Count; node++)
        {
            tree.Add(shape.Parent(node), (node * 31) % 900);
        }

        return tree;
    }

    /// <summary>The baseline's output and what its rounds took, the prefill left out.</summary>
    private (List<int> Output, double Wall, double Processor) Decode()
    {
        using var sequence = new CausalSequence(graph);
        var decoder = new SpeculativeDecoder(
            sequence, new NoDrafter(), new GreedyVerifier(), SamplingOptions.Greedy, new DecodeLimits(tokens, new HashSet<int>()), new SeededChance(new SeededStream(1)), TimeProvider.System);
        decoder.Start(Prompt);
        var (started, used) = (Stopwatch.GetTimestamp(), Environment.CpuUsage.TotalTime);
        while (decoder.Step())
        {
            // Until the limit.
        }

        return ([.. decoder.Text.Output], Stopwatch.GetElapsedTime(started).TotalMicroseconds, (Environment.CpuUsage.TotalTime - used).TotalMicroseconds);
    }

    private static void Report(string name, List<double> values, int digits = 1)
    {
        var sorted = values.Order().ToList();
        Console.WriteLine(FormattableString.Invariant(
            $"{name}: {Math.Round(Median(values), digits)} (middle half {Math.Round(sorted[sorted.Count / 4], digits)} to {Math.Round(sorted[sorted.Count * 3 / 4], digits)})"));
    }

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);
}
