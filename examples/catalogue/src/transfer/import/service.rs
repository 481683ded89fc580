//! Bodies of services and folders: rows.

use sea_query::Value as SqlValue;
use sixplay_core::Result;

use super::{loader::Loader, object::ObjectReader, program::place_in};
use crate::{
    schema::tables::{
        CHANNELS, FOLDERS, SERVICE_CHANNELS, SERVICE_IMAGES, SERVICE_PACKS, SERVICE_PRODUCTS,
        SERVICES,
    },
    transfer::batch::Cells,
};

impl Loader<'_> {
    /// Stores a service's body.
    pub(super) fn store_service(&mut self, mut object: ObjectReader) -> Result<()> {
        let mut more = Cells::new();
        if let Some(mut template) = object.take_object("service_template")? {
            more.push(("template", template.take_code("code")?));
        }
        more.push(("customer", self.options.customer.as_str().into()));
        let channels = object.take_objects("channels")?;
        let images = object.take_objects("images")?;
        let packs = object.take_objects("freemium_packs")?;
        let products = object.take_objects("freemium_products")?;
        let code = self.store_object(&SERVICES, object, more)?;
        if let SqlValue::String(Some(code)) = &code {
            self.offer_service(code);
        }
        self.replace_images(&SERVICE_IMAGES, &code, images)?;
        self.replace_packs(&SERVICE_PACKS, &code, packs)?;
        self.replace_products(&SERVICE_PRODUCTS, &code, products)?;
        self.replace_channels(&code, channels)
    }

    fn replace_channels(
        &mut self,
        service: &SqlValue,
        channels: Option<Vec<ObjectReader>>,
    ) -> Result<()> {
        let Some(channels) = channels else {
            return Ok(());
        };
        self.replace_links(&SERVICE_CHANNELS, service, &[]);
        for (place, mut channel) in channels.into_iter().enumerate() {
            let main = channel.take("main").and_then(|main| main.as_integer());
            let mut cells = place_in("service", service, place);
            let channel = self.store_object(&CHANNELS, channel, Cells::new())?;
            cells.extend([("channel", channel), ("main", SqlValue::BigInt(main))]);
            self.batch.put(&SERVICE_CHANNELS, cells);
        }
        Ok(())
    }

    /// Stores a folder's body; it belongs to the service of the request.
    pub(super) fn store_folder(&mut self, object: ObjectReader) -> Result<()> {
        let service = vec![("service", self.options.service.as_str().into())];
        self.store_object(&FOLDERS, object, service).map(drop)
    }
}
