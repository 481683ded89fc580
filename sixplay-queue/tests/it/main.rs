//! Tests of the queue against the embedded backend, a RabbitMQ server, and a RabbitMQ that is
//! killed and restarted.

mod amqp;
mod embedded;
mod faults;
