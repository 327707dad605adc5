// SPDX-License-Identifier: MIT
//! Plans a small network on a small cluster, for each objective, from two threads at
//! once, and shows what a wrong description is answered with.
//!
//!     rustc --edition 2021 -L DIRECTORY_OF_LIBHIDP plan.rs && ./plan

mod hidp;

use hidp::{Context, Model, Objective, Result, Shape};
use std::thread;

fn network(context: &Context) -> Result<Model> {
    let mut b = context.model_builder()?;
    let image = Shape { batch: 1, channels: 3, rows: 224, width: 224 };
    let mut last = b.input("image", image)?;
    for (number, channels) in [32, 64, 128, 256].into_iter().enumerate() {
        last = b.conv(&format!("conv{}", number), last, channels, 3, 2)?;
        last = b.relu(&format!("relu{}", number), last)?;
    }
    last = b.global_pool("pool", last)?;
    b.dense("scores", last, 1000)?;
    b.seal()
}

fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
    println!("libhidp {}", hidp::version());
    let context = Context::new()?;
    let model = network(&context)?;
    let cluster = context.cluster("cpu:20; 2*cpu:40,gpu:200 | lan 940M 0.2ms")?;
    println!("{} layers on {} nodes", model.layer_count(), cluster.node_count());

    for (name, objective) in [
        ("latency", Objective::Latency),
        ("period", Objective::Period),
        ("energy", Objective::Energy),
    ] {
        let (ours, theirs) = thread::scope(|scope| {
            let other = scope.spawn(|| hidp::plan(&model, &cluster, objective)?.figures());
            let plan = hidp::plan(&model, &cluster, objective);
            (plan, other.join().expect("the thread ends"))
        });
        let plan = ours?;
        let figures = plan.figures()?;
        plan.verify()?;
        assert_eq!(figures.objective.to_bits(), theirs?.objective.to_bits());
        println!(
            "for {}: {:.3} ms, {:.3} ms between requests, {:.4} J, gap {:.2} %",
            name,
            figures.latency_s * 1e3,
            figures.period_s * 1e3,
            figures.energy_j,
            figures.gap * 100.0
        );
        if let Objective::Latency = objective {
            println!("{}\n{}", plan.table()?, plan.explain()?);
        }
    }

    let mut wrong = context.model_builder()?;
    let image = wrong.input("image", Shape { batch: 1, channels: 3, rows: 4, width: 4 })?;
    wrong.conv("far", image + 7, 8, 3, 1)?;
    match wrong.seal() {
        Ok(_) => Err("a wrong model was accepted".into()),
        Err(why) => {
            println!("a wrong model is refused: {}", why);
            Ok(())
        }
    }
}
